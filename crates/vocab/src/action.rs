//! What can be done, and in which capacity.

use crate::class::list;

list! {
    /// Roles of staff. System, security and audit administrators are three separate people (三权分立, GB/T 22239 level 3).
    Role: "role" {
        /// 数据管理员 of a department: catalogue, requests, deliveries.
        DataOfficer = "data-officer", "数据管理员", "Data officer";
        /// 审批人 of a department: decides on requests for its data.
        Approver = "approver", "审批人", "Approver";
        /// 数据共享主管部门 operator (bureau of big data): reviews and publishes catalogues, conformity checks, escalations.
        Authority = "authority", "主管部门", "Sharing authority";
        /// 系统管理员: organisations, people, roles, configuration. Sees no data.
        SystemAdmin = "system-admin", "系统管理员", "System administrator";
        /// 安全管理员: policies, masks, keys, revocation.
        SecurityAdmin = "security-admin", "安全管理员", "Security administrator";
        /// 审计管理员: reads the ledger, changes nothing.
        Auditor = "auditor", "审计管理员", "Auditor";
        /// 领导: looks at figures and tasks, changes nothing.
        Leader = "leader", "领导", "Leader";
        /// A program that calls for data under its organisation's agreements.
        Service = "service", "应用程序", "Service account";
    }
}

list! {
    /// Deeds that need a permit. One per flow that changes something or releases rows.
    Action: "action" {
        /// Create or change organisations.
        ManageOrgs = "manage-orgs", "维护机构", "Manage organisations";
        /// Create or change people and their roles.
        ManagePeople = "manage-people", "维护人员", "Manage people";
        /// Change working calendar, clocks and other limits.
        ManageClocks = "manage-clocks", "维护日历与时限", "Manage calendar and clocks";
        /// Issue or revoke one's own API tokens.
        ManageOwnTokens = "manage-own-tokens", "管理自己的令牌", "Manage own tokens";
        /// Connect, test, change or remove a source of one's department.
        ManageSource = "manage-source", "维护数据源", "Manage sources";
        /// Look into one's own source: list tables, profile, preview.
        ProfileSource = "profile-source", "探查数据源", "Profile sources";
        /// Draft or change a resource of one's department; submit it for review.
        EditResource = "edit-resource", "编制目录", "Edit catalogue";
        /// Review a submitted resource: publish or send back; answer a wish for more time to update the catalogue.
        ReviewResource = "review-resource", "审核目录", "Review catalogue";
        /// Withdraw a published resource.
        WithdrawResource = "withdraw-resource", "撤下目录", "Withdraw resource";
        /// Look at published resources.
        ReadCatalog = "read-catalog", "查阅目录", "Read catalogue";
        /// Draft, submit, supplement or withdraw a sharing request of one's department.
        RequestData = "request-data", "申请共享", "Request data";
        /// Conformity check of a request (accept, ask for one-time supplement); answer a wish for more time to decide.
        CheckRequest = "check-request", "合规性审查", "Check request";
        /// Decide a request for one's department's data.
        DecideRequest = "decide-request", "审批申请", "Decide request";
        /// Change, suspend, resume or revoke an agreement on one's department's data.
        ManageAgreement = "manage-agreement", "管理授权", "Manage agreement";
        /// Tell that the data of an agreement was provided, for data the platform does not serve by itself.
        ProvideData = "provide-data", "提供数据", "Provide data";
        /// Confirm disposal of data after an agreement has ended.
        ProveDisposal = "prove-disposal", "确认销毁", "Prove disposal";
        /// Ask for a correction of shared data (校核).
        RequestCorrection = "request-correction", "提出校核", "Request correction";
        /// Answer a correction request.
        AnswerCorrection = "answer-correction", "处理校核", "Answer correction";
        /// Raise a dispute for one's department, or take it back.
        RaiseDispute = "raise-dispute", "提出争议", "Raise dispute";
        /// Negotiate a dispute of one's department: propose a settlement, agree to one, report that there is none.
        AnswerDispute = "answer-dispute", "协商争议", "Negotiate dispute";
        /// Mediate a dispute above the first rung, and record how it ended.
        MediateDispute = "mediate-dispute", "协调争议", "Mediate dispute";
        /// Use data under an agreement: query, download, stream.
        UseData = "use-data", "使用数据", "Use data";
        /// Define, run or cancel a delivery of one's department.
        ManageDelivery = "manage-delivery", "管理交换任务", "Manage deliveries";
        /// Preview masks and row rules on live rows before a decision.
        PreviewData = "preview-data", "预览数据", "Preview data";
        /// Ask the policy "would X be allowed Y, and why not?".
        TestPolicy = "test-policy", "测试策略", "Test policy";
        /// Read the ledger and make evidence bundles.
        ReadLedger = "read-ledger", "查阅存证", "Read ledger";
        /// Look at the state of the platform: jobs, figures.
        ReadOperations = "read-operations", "查看运行", "Read operations";
    }
}
